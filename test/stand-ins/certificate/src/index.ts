export { type LocalCertificate, makeLocalCertificate } from './local-certificate.ts';
