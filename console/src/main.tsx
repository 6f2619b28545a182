import { render } from "preact";
import { App } from "./app.js";
import "./styles/base.css";
import "./styles/frame.css";
import "./styles/controls.css";
import "./styles/parts.css";
import "./styles/overview.css";
import "./styles/mailings.css";
import "./styles/keys_and_send.css";
import "./styles/lists.css";
import "./styles/message.css";
import "./styles/phone.css";
import "uplot/dist/uPlot.min.css";

const place = document.getElementById("console");
if (place) render(<App />, place);
