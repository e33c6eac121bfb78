/**
 * What one user may do under one client identifier, by the rules in force. An implementation remembers its answers:
 * it is asked for each message that is published.
 */
export interface Rights {
  /** Whether messages may be published to this topic. */
  mayPublish(topic: string): boolean;
  /** Whether messages of this topic may be delivered. */
  mayReceive(topic: string): boolean;
  /** Whether a subscription may be made: some topic that the filter (without `$share/group/`) matches may be received. */
  maySubscribe(filter: string): boolean;
  /** One sentence that says why not: by which file, line and rule, and what would be needed. */
  explain(action: "publish" | "receive" | "subscribe", topic: string): string;
}

/** The rules in force. */
export interface RightsSource {
  /** The rights of a user, or without one of an anonymous client; `undefined` where nothing is forbidden. */
  rightsOf(user: string | undefined, clientId: string): Rights | undefined;
}
