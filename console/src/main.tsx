import { render } from "preact";
import { App } from "./app.js";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/parts.css";
import "./styles/pages.css";
import "uplot/dist/uPlot.min.css";

const place = document.getElementById("console");
if (place) render(<App />, place);
