// The table of pages. A new page is a file in pages/ and a row here: its address, its place in the menu, who has it.
//   roles   the nodes that have the page; all of them when it is absent
//   needs   a verb without which the page is left out
//   least   the least role of the person
// A page without a group is reached from others only.
const all = [
  { path: "overview", title: "Overview", group: "Watch", icon: "overview", load: () => import("./pages/overview.js") },
  {
    path: "peers",
    title: "Peers",
    group: "Watch",
    icon: "peers",
    needs: "peers.list",
    roles: ["edge", "core"],
    load: () => import("./pages/peers.js"),
  },
  { path: "peer", title: "Peer", load: () => import("./pages/peer.js") },
  {
    path: "failures",
    title: "Failed sessions",
    group: "Watch",
    icon: "failures",
    needs: "peers.list",
    roles: ["edge", "core"],
    load: () => import("./pages/failures.js"),
  },
  {
    path: "alarms",
    title: "Alarms",
    group: "Watch",
    icon: "alarms",
    needs: "alarms",
    load: () => import("./pages/alarms.js"),
  },
  {
    path: "online",
    title: "Online",
    group: "Watch",
    icon: "users",
    needs: "clients.list",
    roles: ["presence"],
    load: () => import("./pages/online.js"),
  },
  {
    path: "notifications",
    title: "Notifications",
    group: "Watch",
    icon: "notifications",
    needs: "notifications",
    roles: ["presence"],
    load: () => import("./pages/notifications.js"),
  },
  {
    path: "events",
    title: "Event log",
    group: "Watch",
    icon: "events",
    needs: "events",
    load: () => import("./pages/events.js"),
  },
  {
    path: "federation",
    title: "XMPP federation",
    group: "Configure",
    icon: "federation",
    roles: ["edge", "core"],
    load: () => import("./pages/federation.js"),
  },
  {
    path: "routes",
    title: "Static routes",
    group: "Configure",
    icon: "routes",
    roles: ["edge", "core"],
    load: () => import("./pages/routes.js"),
  },
  {
    path: "lists",
    title: "Allow and deny lists",
    group: "Configure",
    icon: "lists",
    roles: ["edge", "core"],
    load: () => import("./pages/lists.js"),
  },
  {
    path: "domains",
    title: "Domains and aliases",
    group: "Configure",
    icon: "domains",
    roles: ["edge", "core"],
    load: () => import("./pages/domains.js"),
  },
  {
    path: "exceptions",
    title: "Exceptions",
    group: "Configure",
    icon: "exceptions",
    roles: ["edge", "core"],
    load: () => import("./pages/exceptions.js"),
  },
  {
    path: "provisioning",
    title: "Provisioning",
    group: "Configure",
    icon: "provisioning",
    load: () => import("./pages/provisioning.js"),
  },
  {
    path: "imp-servers",
    title: "IM and Presence Servers",
    group: "Configure",
    icon: "servers",
    needs: "imp-servers.list",
    roles: ["core"],
    load: () => import("./pages/imp_servers.js"),
  },
  {
    path: "inter-domain",
    title: "Inter-Domain Federation",
    group: "Configure",
    icon: "federation",
    roles: ["presence"],
    load: () => import("./pages/inter_domain.js"),
  },
  {
    path: "users",
    title: "Users",
    group: "Configure",
    icon: "users",
    needs: "users.list",
    roles: ["presence"],
    load: () => import("./pages/users.js"),
  },
  {
    path: "settings",
    title: "All settings",
    group: "Configure",
    icon: "settings",
    load: () => import("./pages/settings.js"),
  },
  {
    path: "diagnostics",
    title: "Diagnostics",
    group: "Maintain",
    icon: "diagnostics",
    load: () => import("./pages/diagnostics.js"),
  },
  { path: "account", title: "Your account", load: () => import("./pages/account.js") },
  {
    path: "access",
    title: "Administrators",
    group: "Maintain",
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
