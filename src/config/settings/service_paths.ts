// Where the broker is as a service of the system: what systemd makes for it, and whose it is.

/** The user and the group that it runs as, and the name of its folders. */
export const SERVICE_USER = "mailboxqtt";

/** The folder with its configuration, passwords, rules and certificates. */
export const CONFIG_FOLDER = `/etc/${SERVICE_USER}`;

/** Its configuration file. */
export const SYSTEM_FILE = `${CONFIG_FOLDER}/mailboxqtt.toml`;

/** The folder in which it keeps sessions and messages. */
export const SERVICE_DATA = `/var/lib/${SERVICE_USER}`;

/** Its control socket. */
export const SERVICE_SOCKET = `/run/${SERVICE_USER}/control.sock`;
