// The class `Mmms` in a page: it sends once when the page is told to, and gives what came of it.

import { Mmms } from "mmms-client";

Object.assign(globalThis, {
  async send(baseUrl: string, apiKey: string) {
    const { data, error } = await new Mmms({ baseUrl, apiKey }).mail.send({
      from: "Website <website@example.com>",
      to: "office@example.com",
      subject: "From the class",
      text: "Hello.",
    });
    return { status: data?.status, type: error?.type, message: error?.message };
  },
});
