// Icons of 20 × 20, in the colour of the text beside them.

const paths = {
  overview: "M3 16.5h14M5.5 13.5v-4M10 13.5v-9M14.5 13.5v-6",
  mailings: "M3 5.5h14v9.5H3zM3.5 6l6.5 5.2L16.5 6",
  find: "M9 3.5a5.5 5.5 0 1 0 0 11 5.5 5.5 0 0 0 0-11M13 13l4 4",
  send: "M17 3 9 11M17 3l-5 14-3-6-6-3z",
  suppressions: "M10 3a7 7 0 1 0 0 14 7 7 0 0 0 0-14M5.1 5.1l9.8 9.8",
  webhooks:
    "M10 8.5a2.5 2.5 0 1 0-2.2-3.7M9 8l-3.4 5.5M5 11.5a2.5 2.5 0 1 0 2.4 3.3M7.5 14.5H14M15 16.5a2.5 2.5 0 1 0-1-4.8M13.5 11.5 10.6 7",
  keys: "M12.5 11.5a4 4 0 1 0-3.6-2.3L3.5 14.6v2h3v-2h2v-2l1.6-1.5M13.3 7h.01",
  erase:
    "M8 16.5h9M5.6 16.5 3 13.9a1.2 1.2 0 0 1 0-1.7l8.2-8.2a1.2 1.2 0 0 1 1.7 0l3.9 3.9a1.2 1.2 0 0 1 0 1.7l-6.9 6.9zM7.4 7.9l5.5 5.5",
  mailbox: "M3 11.5 5.5 4h9l2.5 7.5V16H3zM3 11.5h4l1 2h4l1-2h4",
  docs: "M5 3h7l3.5 3.5V17H5zM12 3v3.5h3.5M7.5 10h5M7.5 13h5",
  out: "M8.5 4H4v12h4.5M12.5 6.5 16 10l-3.5 3.5M16 10H8",
  copy: "M7.5 7.5h8.5v8.5H7.5zM4 12.5V4h8.5",
  done: "m4.5 10.5 4 4 7-8.5",
  back: "M12.5 4.5 7 10l5.5 5.5",
} as const;

export type IconName = keyof typeof paths;

export function Icon({ name }: { name: IconName }) {
  return (
    <svg class="icon" viewBox="0 0 20 20" aria-hidden="true">
      <path d={paths[name]} />
    </svg>
  );
}
