/** Starts the chat page. */
import "./no-eval.ts";
import { render } from "preact";
import { App } from "./app.tsx";
import { installHooks } from "./hooks.ts";

installHooks();
const root = document.getElementById("app");
if (root) render(<App />, root);
