// Icons as paths on a grid of 20; decorative, so hidden from readers of the page.
import { html } from "./html.js";

const paths = {
  overview: "M3 3h6v6H3zM11 3h6v4h-6zM11 9h6v8h-6zM3 11h6v6H3z",
  federation: "M10 2v4M10 14v4M2 10h4M14 10h4M6 10a4 4 0 108 0 4 4 0 10-8 0z",
  routes: "M4 16c6 0 6-12 12-12M13 2l3 2-3 3M4 4h4M12 16h4",
  lists: "M3 5l1.5 1.5L7 4M3 14l4 4M7 14l-4 4M10 5h7M10 10h7M10 16h7",
  domains: "M3 10a7 7 0 1014 0 7 7 0 10-14 0zM3 10h14M10 3c3 4 3 10 0 14M10 3c-3 4-3 10 0 14",
  exceptions: "M10 3l8 14H2zM10 8v4M10 14.5v.5",
  peers: "M3 7a3 3 0 106 0 3 3 0 10-6 0zM11 13a3 3 0 106 0 3 3 0 10-6 0zM8.2 9.2l3.6 2",
  failures: "M3 10a7 7 0 1014 0 7 7 0 10-14 0zM7.5 7.5l5 5M12.5 7.5l-5 5",
  events: "M4 4h12M4 8h12M4 12h8M4 16h6",
  alarms: "M10 3a4.5 4.5 0 00-4.5 4.5c0 4-1.5 5.5-1.5 6.5h12c0-1-1.5-2.5-1.5-6.5A4.5 4.5 0 0010 3zM8.5 16.5h3",
  diagnostics: "M2 10h4l2-5 4 10 2-5h4",
  servers: "M4 3h12v5H4zM4 12h12v5H4zM7 5.5h.1M7 14.5h.1M10 5.5h3M10 14.5h3",
  provisioning: "M4 4h12v4H4zM4 12h12v4H4zM10 8v4M6.5 6h.1M6.5 14h.1",
  notifications: "M3 4h14v10H8l-4 3v-3H3zM7 8h6M7 11h4",
  users: "M7 8a3 3 0 106 0 3 3 0 10-6 0zM4 17c0-3 2.5-5 6-5s6 2 6 5",
  access: "M5 9h10v8H5zM7 9V6.5a3 3 0 016 0V9M10 12v2",
  settings: "M3 6h8M15 6h2M3 14h2M9 14h8M11 4v4M15 4v4M5 12v4M9 12v4M11 4h4v4h-4zM5 12h4v4H5z",
  sun:
    "M6.5 10a3.5 3.5 0 107 0 3.5 3.5 0 10-7 0zM10 2v2M10 16v2M2 10h2M16 10h2" +
    "M4.3 4.3l1.4 1.4M14.3 14.3l1.4 1.4M15.7 4.3l-1.4 1.4M5.7 14.3l-1.4 1.4",
  moon: "M16 12.5A7 7 0 017.5 4a6.5 6.5 0 108.500 8.500z",
  menu: "M3 5h14M3 10h14M3 15h14",
  leave: "M8 3H4v14h4M8 10h9M14 7l3 3-3 3",
  copy: "M7 7h9v10H7zM13 7V3H4v10h3",
  next: "M7 4l6 6-6 6",
};

export const Icon = ({ name }) => html`
  <svg class="icon" viewBox="0 0 20 20" aria-hidden="true" focusable="false"><path d=${paths[name]} /></svg>
`;

/** Two gates, one behind the other. */
export const Mark = () => html`
  <svg class="mark" viewBox="0 0 32 32" aria-hidden="true" focusable="false">
    <path d="M3 29V12a9 9 0 0118 0" class="mark-far" />
    <path d="M11 29V16a9 9 0 0118 0v13" class="mark-near" />
    <path d="M16 29V17a4 4 0 018 0v12" class="mark-door" />
  </svg>
`;
