// The service over HTTP, as a script beside the browser uses it.

async function answer(method, address, body, headers = {}) {
  const response = await fetch(address, {
    method,
    headers: body ? { "content-type": "application/json", ...headers } : headers,
    body: body && JSON.stringify(body),
  });
  const text = await response.text();
  if (!response.ok) throw new Error(`${method} ${new URL(address).pathname} answered ${response.status}: ${text}`);
  return JSON.parse(text).data;
}

export class Client {
  /** The admin token may be left out where management is open. */
  constructor(base, token) {
    this.base = base;
    this.management = token ? { authorization: `Bearer ${token}` } : {};
    this.messages = `${base}/mailbox/api/messages`;
  }

  async authenticate() {
    this.key = await this.newKey({ name: "browser test" });
  }

  async newKey(rules) {
    const { api_key: key } = await answer("POST", `${this.base}/v1/api-key`, rules, this.management);
    return key;
  }

  /** Sends a mail; one recipient unless `mail` names others. */
  send(mail) {
    const body = {
      sender_email: "planning@example.com",
      sender_name: "Planning",
      recipients: [{ mail: "ada@example.com", name: "Ada Lovelace" }],
      ...mail,
    };
    return answer("POST", `${this.base}/v1/mail`, body, { "x-api-key": this.key });
  }

  mailing(id) {
    return answer("GET", `${this.base}/v1/mail/${id}`, undefined, { "x-api-key": this.key });
  }

  cancel(id) {
    return answer("POST", `${this.base}/v1/mail/${id}/cancel`, undefined, { "x-api-key": this.key });
  }

  captured(search = "") {
    return answer("GET", `${this.messages}?${new URLSearchParams({ search })}`);
  }

  message(id) {
    return answer("GET", `${this.messages}/${id}`);
  }

  clear() {
    return answer("DELETE", this.messages);
  }
}
