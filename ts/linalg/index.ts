export { type PrincipalComponents, principalComponents } from './principal-components.js';
