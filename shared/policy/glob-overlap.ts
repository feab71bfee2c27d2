/** Do two globs share a text? Needed where one side of a comparison is itself a glob: "the class secret.* could not be judged". */

/** True when some text matches both patterns (`*` only). Quadratic in the patterns' lengths, which the schema bounds. */
export function globsOverlap(a: string, b: string): boolean {
  // reach[j]: some text matches both a[0..i) and b[0..j).
  let reach = row(b, undefined, undefined);
  for (let i = 1; i <= a.length; i++) reach = row(b, reach, a[i - 1]!);
  return reach[b.length]!;
}

function row(b: string, above: readonly boolean[] | undefined, char: string | undefined): boolean[] {
  const reach: boolean[] = [];
  for (let j = 0; j <= b.length; j++) {
    const other = j > 0 ? b[j - 1]! : undefined;
    if (!above || char === undefined) {
      reach.push(j === 0 || (other === "*" && reach[j - 1]!));
      continue;
    }
    // A star may match nothing (step over it) or take one more character of the other side (stay on it).
    const starEmpty = (char === "*" && above[j]!) || (other === "*" && reach[j - 1] === true);
    const starTakes = (char === "*" && other !== undefined && reach[j - 1] === true) || (other === "*" && above[j]!);
    const both = char === other && j > 0 && above[j - 1]!;
    reach.push(starEmpty || starTakes || both);
  }
  return reach;
}
