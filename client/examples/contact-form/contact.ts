// A contact form: what a visitor writes goes to the site's own mailbox.
// Bundle it with `npx esbuild contact.ts --bundle --minify --format=esm --outfile=contact.js`.

import { createClient, type ErrorBody, sendMail } from "mmms-client";

const form = document.querySelector("form") as HTMLFormElement;
const button = form.querySelector("button") as HTMLButtonElement;
const status = form.querySelector("[role=status]") as HTMLElement;
const client = createClient({ baseUrl: form.dataset.mmms ?? "", apiKey: form.dataset.key });

form.addEventListener("submit", async (event) => {
  event.preventDefault();
  button.disabled = true;
  status.textContent = "Sending …";
  status.textContent = await send(new FormData(form)).catch(unanswered);
  button.disabled = false;
});

async function send(fields: FormData): Promise<string> {
  const text = (field: string) => String(fields.get(field) ?? "");
  const variables = { name: text("name"), mail: text("mail"), message: text("message") };
  const { data, error } = await sendMail({
    client,
    body: {
      recipients: [{ mail: "office@example.com", variables }],
      sender_email: "website@example.com",
      sender_name: "Website",
      reply_to: [variables.mail],
      subject: "{{name}} wrote to us",
      text_template: "{{name}} <{{mail}}> wrote:\n\n{{message}}\n",
    },
  });
  if (error) return refused(error);
  form.reset();
  return data.status === 200 ? "Thank you, your message is sent." : "Thank you, your message is on its way.";
}

/** MMMS answered, and says why not. */
function refused(error: ErrorBody): string {
  switch (error.error_type) {
    case "validation_error":
      return `Please look at this again: ${error.errors.map((fault) => `${fault.field} ${fault.message}`).join("; ")}`;
    case "authorization_error":
      return "This page may not send mail.";
    default:
      return `Your message was not sent (${error.error_type}, ${error.request_id}).`;
  }
}

/** There is no answer that this page may read: no network, or MMMS knows no key with this page's origin. */
function unanswered(fault: unknown): string {
  console.info("no answer:", fault);
  return fault instanceof TypeError ? "The mail service cannot be reached from here." : "Something went wrong.";
}
