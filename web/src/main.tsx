import "./styles/index.css";
import { createRoot } from "react-dom/client";
import { App } from "./App";
import { readChoice } from "./lib/workspaceChoice";

readChoice();

const root = document.getElementById("root");
if (root) createRoot(root).render(<App />);
