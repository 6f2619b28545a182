// What takes longer than one request: for programs that can wait.

export { type ReliableMail, sendReliably } from "./send.js";
export { type Progress, type Wait, waitForMailing } from "./wait.js";
