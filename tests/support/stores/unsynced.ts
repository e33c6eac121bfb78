// What databases are told in this thread from now on: whatever they are asked for, they are not synchronous.

import { DatabaseSync } from "node:sqlite";

const { exec } = DatabaseSync.prototype;
DatabaseSync.prototype.exec = function (sql: string): void {
  const synchronous = /\bsynchronous\s*=\s*\w+/gi;
  exec.call(this, sql.replaceAll(synchronous, "synchronous = OFF"));
};
