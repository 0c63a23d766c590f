/**
 * The first part of a tenant's keys. The braces make Redis Cluster keep all keys of a tenant on one node (hash tag), as
 * BullMQ and the scripts need; the tenant's name is encoded, so that it cannot close them.
 */
export function tenantPrefix(prefix: string, tenant: string): string {
  return `${prefix}:{${encodeURIComponent(tenant)}}`;
}
