import {
  SERVICE_SOCKET,
  SERVICE_USER,
  SYSTEM_FILE,
} from "../../config/settings/service_paths.ts";

/**
 * The systemd unit that starts this program's file. It may do what the broker needs and nothing else; memory that is both written and executed is
 * needed, since JavaScript is compiled while it runs.
 */
export function serviceUnit(program: string): string {
  return `# Made by mailboxqtt service install; changes belong into systemctl edit mailboxqtt.

[Unit]
Description=mailboxqtt, an MQTT broker
# It waits by itself for addresses that are not there yet.
After=network.target

[Service]
Type=notify
ExecStart=${program} start --config ${SYSTEM_FILE}
ExecReload=${program} reload --control ${SERVICE_SOCKET}
Environment=MAILBOXQTT_CONTROL=${SERVICE_SOCKET}
Restart=always
RestartSec=2
WatchdogSec=30
# It says goodbye to its clients, and its store to the disk.
TimeoutStopSec=30
User=${SERVICE_USER}
Group=${SERVICE_USER}
StateDirectory=${SERVICE_USER}
StateDirectoryMode=0700
RuntimeDirectory=${SERVICE_USER}
LimitNOFILE=65536
UMask=0077

# For ports below 1024: systemctl edit mailboxqtt, and there
#   [Service]
#   CapabilityBoundingSet=CAP_NET_BIND_SERVICE
#   AmbientCapabilities=CAP_NET_BIND_SERVICE
#   PrivateUsers=no
CapabilityBoundingSet=
AmbientCapabilities=
NoNewPrivileges=yes
PrivateUsers=yes
PrivateDevices=yes
PrivateTmp=yes
ProtectSystem=strict
ProtectHome=yes
ProtectClock=yes
ProtectControlGroups=yes
ProtectHostname=yes
ProtectKernelLogs=yes
ProtectKernelModules=yes
ProtectKernelTunables=yes
ProtectProc=invisible
LockPersonality=yes
RemoveIPC=yes
RestrictAddressFamilies=AF_INET AF_INET6 AF_UNIX AF_NETLINK
RestrictNamespaces=yes
RestrictRealtime=yes
RestrictSUIDSGID=yes
SystemCallArchitectures=native
SystemCallFilter=@system-service
SystemCallFilter=~@privileged @resources
SystemCallErrorNumber=EPERM

[Install]
WantedBy=multi-user.target
`;
}
