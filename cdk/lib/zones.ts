/** The endpoints in the stack's network, by the last part of their service names. SES's API is `email`. */
export const ENDPOINTS = ["email", "secretsmanager", "sqs"];

/** The zones of a region in which AWS offers each endpoint. */
export type Offered = Readonly<Record<string, readonly string[]>>;

/** The zones in which AWS offers all endpoints. */
export function zonesWithAll(offered: Offered): string[] {
  const [first = [], ...others] = ENDPOINTS.map((name) => offered[name] ?? []);
  return first.filter((zone) => others.every((zones) => zones.includes(zone))).sort();
}

/**
 * The reason that endpoints cannot be placed in these zones, and the suitable zones; undefined if they can.
 * @param zones the zones in which the stack would place them
 */
export function faultOfZones(zones: readonly string[], offered: Offered): string | undefined {
  const lacking = ENDPOINTS.flatMap((name) => {
    const without = zones.filter((zone) => !(offered[name] ?? []).includes(zone));
    return without.length > 0 ? [`${name} in ${without.join(" and ")}`] : [];
  });
  if (lacking.length === 0) return undefined;
  const all = zonesWithAll(offered);
  const advice =
    all.length >= zones.length
      ? `Set availabilityZones to zones that begin with ${zones.length} of these: ${all.join(", ")}`
      : all.length > 0
        ? `Only ${all.join(", ")} has all of them: begin availabilityZones with it, and set exitZones to ${all.length}`
        : "No zone of this region has all of them: set exit to nat";
  return `availabilityZones: AWS does not offer the endpoint of ${lacking.join(", of ")}. ${advice}`;
}
