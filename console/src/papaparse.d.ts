// What the console uses of papaparse. The published types would bring those of Node.js with them.
declare module "papaparse" {
  interface Parsed {
    data: string[][];
  }
  const papa: { parse: (text: string, settings: { delimiter: string }) => Parsed };
  export default papa;
}
