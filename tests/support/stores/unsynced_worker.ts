// The Store's thread, but for what its database has the disk write.

import "./unsynced.ts";
import "../../../src/store/sqlite/worker.ts";
