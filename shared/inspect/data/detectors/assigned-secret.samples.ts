/** Samples of assigned-secret.ts and command-line.ts. */
import { fill, type Samples } from "./samples.ts";

const password = "tR7" + fill("alnum", 9);
const key = fill("alnum", 32);
const p = "secret.password", k = "secret.generic-key";

export const samples: Samples = {
  match: [
    { text: `DB_PASSWORD=${password}`, class: p, value: password },
    { text: `password: ${password}\nuser: x`, class: p, value: password },
    { text: `{"user":"x","password":"${password}"}`, class: p, value: password },
    { text: `{\\"password\\": \\"${password}\\"}`, class: p, value: password },
    { text: `const dbPassword: string = "${password}";`, class: p, value: password },
    { text: `<password>${password}</password>`, class: p, value: password },
    { text: `<add key="Password" value="${password}" />`, class: p, value: password },
    { text: `{"name":"PASSWORD","value":"${password}"}`, class: p, value: password },
    { text: `mysql --user x --password ${password}`, class: p, value: password },
    { text: `ALTER USER x IDENTIFIED BY '${password}'`, class: p, value: password },
    { text: `props.put("password", "${password}");`, class: p, value: password },
    { text: `user.setPassword("${password}")`, class: p, value: password },
    { text: `process.env["PGPASSWORD"] = '${password}'`, class: p, value: password },
    { text: password, key: "password", class: p, value: password },
    { text: "hunter2x", key: "db_passwd", class: p },
    { text: `curl -u admin:${password} https://x`, class: p, value: password },
    { text: `curl -s \\\n  --user 'api:${password}' https://x`, class: p, value: password },
    { text: `var apiToken string = "${key}"`, class: k, value: key },
    { text: `API_TOKEN ?= "${key}"`, class: k, value: key },
    { text: `<apiKey>\n  ${key}\n</apiKey>`, class: k, value: key },
    { text: `api_key = "${key}"`, class: k, value: key },
    { text: `client_secret: ${key}`, class: k, value: key },
    { text: `oauth_token_secret=${fill("lower", 24)}&x=1`, class: k },
    { text: key, key: "apiKey", class: k, value: key },
  ],
  clean: [
    { text: "one of ('ls', 'pwd', 'whoami', 'date') or ['user', 'password', 'realm']" },
    { text: "curl -u user:password https://x; docker run -u 1000:1000 img; sort -u a:b" },
    { text: 'password: "changeme"\npassword=<password>\npassword: ${DB_PASSWORD}\npassword=****\npassword: your_password' },
    { text: "password = getPassword(user)\nconst token = config.auth.token;\nlet secret = process.env.SECRET" },
    { text: "function login(username: string, password: string): Promise<Token>" },
    { text: '{"password": {"type": "string", "description": "The password of the user", "minLength": 8}}' },
    { text: '{"token_type":"bearer","expires_in":3600,"nextPageToken":"CAoQAA1b2c3d4e5f6","progressToken":"a8f5f167f44f4964"}' },
    { text: '{"required": ["username", "password", "token"]}' },
    { text: "Enter the password. Metrics follow. Forgot your password? Reset it." },
    { text: "cache:password:7469 and tokens: 4096, max_tokens=128000" },
    { text: "$2b$12$" + fill("alnum", 53), key: "password" },
    { text: "secretName: my-app-credentials\nsecretKeyRef:\n  name: db\n  key: password" },
    { text: fill("alnum", 32), key: "nextCursor" },
    { text: fill("alnum", 32), key: "progressToken" },
    { text: "[redacted secret.password]", key: "password" },
    { text: "see [redacted secret.password]: hunter2x9 follows" },
    { text: "password=[redacted secret.password]&x=1" },
    { text: "••••" + fill("alnum", 4), key: "password" },
  ],
};
