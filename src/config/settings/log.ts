import {
  type DefaultedSetting,
  path,
  quantity,
  type Setting,
} from "./setting.ts";

/** How large a log file becomes, in bytes, and how many are kept beside it, unless it is said. */
const DEFAULT_LOG_FILE = { size: 10 * 1024 * 1024, files: 5 } as const;

/** The settings of the file that is logged to. */
export const LOG_FILE_SETTINGS: {
  readonly file: Setting<string>;
  readonly size: DefaultedSetting<number>;
  readonly files: DefaultedSetting<number>;
} = {
  file: {
    name: "log.file",
    flag: "log-file",
    placeholder: "FILE",
    example: "/var/log/mailboxqtt/mailboxqtt.log",
    help:
      "the file that is logged to, in place of standard error; SIGHUP opens it anew",
    defaultText: "none",
    isPath: true,
    takesEffect: "at restart",
    ...path("file"),
  },
  size: {
    name: "log.file_size",
    flag: "log-file-size",
    placeholder: "SIZE",
    example: "1MiB",
    help: "how large it becomes before another one is begun",
    defaultText: "10MiB",
    default: DEFAULT_LOG_FILE.size,
    takesEffect: "at restart",
    ...quantity({ unit: "bytes", minimum: 4096, maximum: 1024 ** 3 }),
  },
  files: {
    name: "log.files",
    flag: "log-files",
    placeholder: "NUMBER",
    example: "3",
    help: "how many are kept beside it, as FILE.1, FILE.2 and so on",
    defaultText: "5",
    default: DEFAULT_LOG_FILE.files,
    takesEffect: "at restart",
    ...quantity({ unit: "count", minimum: 1, maximum: 100 }),
  },
};
