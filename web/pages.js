// The table of pages. A new page is a file in pages/ and a row here: its address, its place in the menu, who has it.
//   roles   the nodes that have the page; all of them when it is absent
//   needs   a verb without which the page is left out
//   least   the least role of the person
// A page without a group is reached from others only.
import { msg } from "./lib/i18n.js";

const all = [
  {
    path: "overview",
    title: msg("Overview"),
    group: msg("Watch"),
    icon: "overview",
    load: () => import("./pages/overview.js"),
  },
  {
    path: "peers",
    title: msg("Peers"),
    group: msg("Watch"),
    icon: "peers",
    needs: "peers.list",
    roles: ["edge", "core"],
    load: () => import("./pages/peers.js"),
  },
  { path: "peer", title: msg("Peer"), load: () => import("./pages/peer.js") },
  {
    path: "failures",
    title: msg("Failed sessions"),
    group: msg("Watch"),
    icon: "failures",
    needs: "peers.list",
    roles: ["edge", "core"],
    load: () => import("./pages/failures.js"),
  },
  {
    path: "alarms",
    title: msg("Alarms"),
    group: msg("Watch"),
    icon: "alarms",
    needs: "alarms",
    load: () => import("./pages/alarms.js"),
  },
  {
    path: "online",
    title: msg("Online"),
    group: msg("Watch"),
    icon: "users",
    needs: "clients.list",
    roles: ["presence"],
    load: () => import("./pages/online.js"),
  },
  {
    path: "notifications",
    title: msg("Notifications"),
    group: msg("Watch"),
    icon: "notifications",
    needs: "notifications",
    roles: ["presence"],
    load: () => import("./pages/notifications.js"),
  },
  {
    path: "events",
    title: msg("Event log"),
    group: msg("Watch"),
    icon: "events",
    needs: "events",
    load: () => import("./pages/events.js"),
  },
  {
    path: "federation",
    title: msg("XMPP federation"),
    group: msg("Configure"),
    icon: "federation",
    roles: ["edge", "core"],
    load: () => import("./pages/federation.js"),
  },
  {
    path: "routes",
    title: msg("Static routes"),
    group: msg("Configure"),
    icon: "routes",
    roles: ["edge", "core"],
    load: () => import("./pages/routes.js"),
  },
  {
    path: "lists",
    title: msg("Allow and deny lists"),
    group: msg("Configure"),
    icon: "lists",
    roles: ["edge", "core"],
    load: () => import("./pages/lists.js"),
  },
  {
    path: "domains",
    title: msg("Domains and aliases"),
    group: msg("Configure"),
    icon: "domains",
    roles: ["edge", "core"],
    load: () => import("./pages/domains.js"),
  },
  {
    path: "exceptions",
    title: msg("Exceptions"),
    group: msg("Configure"),
    icon: "exceptions",
    roles: ["edge", "core"],
    load: () => import("./pages/exceptions.js"),
  },
  {
    path: "provisioning",
    title: msg("Provisioning"),
    group: msg("Configure"),
    icon: "provisioning",
    load: () => import("./pages/provisioning.js"),
  },
  {
    path: "imp-servers",
    title: msg("IM and Presence Servers"),
    group: msg("Configure"),
    icon: "servers",
    needs: "imp-servers.list",
    roles: ["core"],
    load: () => import("./pages/imp_servers.js"),
  },
  {
    path: "inter-domain",
    title: msg("Inter-Domain Federation"),
    group: msg("Configure"),
    icon: "federation",
    roles: ["presence"],
    load: () => import("./pages/inter_domain.js"),
  },
  {
    path: "users",
    title: msg("Users"),
    group: msg("Configure"),
    icon: "users",
    needs: "users.list",
    roles: ["presence"],
    load: () => import("./pages/users.js"),
  },
  {
    path: "settings",
    title: msg("All settings"),
    group: msg("Configure"),
    icon: "settings",
    load: () => import("./pages/settings.js"),
  },
  {
    path: "diagnostics",
    title: msg("Diagnostics"),
    group: msg("Maintain"),
    icon: "diagnostics",
    load: () => import("./pages/diagnostics.js"),
  },
  { path: "account", title: msg("Your account"), load: () => import("./pages/account.js") },
  {
    path: "access",
    title: msg("Administrators"),
    group: msg("Maintain"),
    icon: "access",
    load: () => import("./pages/access.js"),
  },
];

/** The pages that a node of this role with these verbs has, in the order of the menu. */
export const pages_of = (role, verbs) =>
  all.filter(
    (page) =>
      (page.roles === undefined || page.roles.includes(role)) && (page.needs === undefined || verbs.has(page.needs)),
  );

export const find_page = (path) => all.find((page) => page.path === path);
