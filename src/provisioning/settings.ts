import type { ProvisioningConfig } from '../config/index.js';

/** The settings of one tenant, as the configuration of its identity providers has them. */
export type TenantSettings = ProvisioningConfig;

/** The tenants as they are configured now; asked anew each time, so that a reload takes effect. */
export type Tenants = () => readonly TenantSettings[];
