/** The service commands of the compiled program, where systemd is played and nothing of the machine can change. */

import assert from "node:assert/strict";
import { ConfigFolder } from "../../support/programs/config_folder.ts";

const BINARY = Deno.env.get("MAILBOXQTT");

/**
 * Runs commands with file systems of their own: /etc takes changes that nobody else sees, systemd seems to run, and
 * systemctl writes down what it is told and shows what stands in `show`.
 */
const ALONE = `
set -eu
cd "$1"
mount -t tmpfs tmpfs .
cd "$1"
mkdir upper work bin
mount -t overlay overlay -o "lowerdir=/etc,upperdir=$1/upper,workdir=$1/work" /etc
mount -t tmpfs tmpfs /run
mount -t tmpfs tmpfs /var/log
mkdir -p /run/systemd/system /etc/systemd/system
touch calls show
cat > bin/systemctl <<'END'
#!/bin/sh
echo "$*" >> "$(dirname "$0")/../calls"
[ "$1" != show ] || cat "$(dirname "$0")/../show"
END
chmod +x bin/systemctl
PATH="$1/bin:$PATH"
set +e
eval "$2"
`;

async function alone(commands: string): Promise<string> {
  await using folder = await ConfigFolder.make();
  const { code, stdout, stderr } = await new Deno.Command("unshare", {
    args: [
      ...["--mount", "--propagation", "private"],
      ...["sh", "-c", ALONE, "sh", folder.path, commands],
    ],
    ...(BINARY && { env: { BINARY } }),
    stdin: "null",
  }).output();
  const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
  assert.equal(code, 0, text(stderr));
  return text(stdout);
}

async function canBeAlone(): Promise<boolean> {
  try {
    return await alone("command -v useradd") !== "";
  } catch {
    return false;
  }
}

/** Why it cannot be tried, if it cannot. */
const obstacle = BINARY === undefined
  ? " (not run: this is the source)"
  : await canBeAlone()
  ? ""
  : " (not run: file systems cannot be mounted here, or there is no useradd)";

function testOfService(name: string, fn: () => Promise<void>): void {
  const ignore = obstacle !== "";
  Deno.test({ name: `service: ${name}${obstacle}`, ignore, fn });
}

testOfService(
  "install makes user, configuration and unit, and starts it",
  async () => {
    const output = await alone(`
"$BINARY" service install; echo "status $?"
getent passwd mailboxqtt | cut -d: -f 1,6,7
stat -c "%U:%G %a %n" /etc/mailboxqtt /etc/mailboxqtt/mailboxqtt.toml /etc/systemd/system/mailboxqtt.service
"$BINARY" service install --print | cmp - /etc/systemd/system/mailboxqtt.service && echo same
"$BINARY" config reference | cmp - /etc/mailboxqtt/mailboxqtt.toml && echo reference
"$BINARY" check --config /etc/mailboxqtt/mailboxqtt.toml > /dev/null; echo "check $?"
cat calls
`);
    assert.match(output, /The broker runs, and starts with each boot/);
    assert.equal(
      output.slice(output.lastIndexOf("status 0")),
      `status 0
mailboxqtt:/var/lib/mailboxqtt:/usr/sbin/nologin
mailboxqtt:mailboxqtt 750 /etc/mailboxqtt
mailboxqtt:mailboxqtt 640 /etc/mailboxqtt/mailboxqtt.toml
root:root 644 /etc/systemd/system/mailboxqtt.service
same
reference
check 0
daemon-reload
enable mailboxqtt.service
restart mailboxqtt.service
`,
    );
  },
);

testOfService(
  "install again keeps the configuration, and uninstall all but the unit",
  async () => {
    const output = await alone(`
"$BINARY" service install > /dev/null
echo 'log.level = "debug"' > /etc/mailboxqtt/mailboxqtt.toml
echo old > /etc/systemd/system/mailboxqtt.service
"$BINARY" service install > /dev/null; echo "again $?"
cat /etc/mailboxqtt/mailboxqtt.toml
grep -c "^ExecStart=$BINARY start" /etc/systemd/system/mailboxqtt.service
: > calls
"$BINARY" service uninstall; echo "uninstall $?"
cat calls
ls /etc/systemd/system/mailboxqtt.service 2> /dev/null || echo "no unit"
cat /etc/mailboxqtt/mailboxqtt.toml
getent passwd mailboxqtt | cut -d: -f 1
"$BINARY" service uninstall 2>&1; echo "uninstalled $?"
`);
    assert.equal(
      output,
      `again 0
log.level = "debug"
1
The broker is stopped, and does not start again. What it leaves:

  configuration  /etc/mailboxqtt
  data           /var/lib/mailboxqtt
  user           mailboxqtt
uninstall 0
disable --now mailboxqtt.service
daemon-reload
no unit
log.level = "debug"
mailboxqtt
Cannot uninstall: there is no /etc/systemd/system/mailboxqtt.service
uninstalled 1
`,
    );
  },
);

testOfService("status says what systemd says, in words", async () => {
  const output = await alone(`
"$BINARY" service status; echo "none $?"
cat > show <<END
LoadState=loaded
ActiveState=active
SubState=running
StatusText=3 clients; listening on mqtt://127.0.0.1:1883
ActiveEnterTimestamp=Wed 2026-11-25 10:00:00 UTC
NRestarts=2
UnitFileState=enabled
END
"$BINARY" service status; echo "active $?"
sed -i "s/=active/=failed/; s/=running/=failed/; s/=enabled/=disabled/; s/^StatusText=.*/StatusText=/; s/NRestarts=2/NRestarts=0/" show
"$BINARY" service status; echo "failed $?"
`);
  assert.equal(
    output,
    `The service is not installed: mailboxqtt service install does that
none 1
active (running) since Wed 2026-11-25 10:00:00 UTC
It starts with each boot
3 clients; listening on mqtt://127.0.0.1:1883
It was started again 2 times: journalctl -u mailboxqtt says why
active 0
failed (failed) since Wed 2026-11-25 10:00:00 UTC
It does not start by itself: systemctl enable mailboxqtt
failed 1
`,
  );
});

testOfService(
  "install says what is in the way, and changes nothing",
  async () => {
    const output = await alone(`
rmdir /run/systemd/system
"$BINARY" service install 2>&1; echo "no systemd $?"
mkdir /run/systemd/system
printf '#!/bin/sh\\necho "no room" >&2; exit 1\\n' > bin/useradd
chmod +x bin/useradd
"$BINARY" service install 2>&1; echo "no user $?"
ls /etc/mailboxqtt /etc/systemd/system/mailboxqtt.service 2> /dev/null
cat calls
`);
    assert.match(
      output,
      /^Cannot install the service: no systemd runs here; --print shows the unit for other systems\nno systemd 1\nCannot go on: useradd .* says: no room\nno user 1\n$/,
    );
  },
);
