/** Keystone credentials, and the request body for signing in. */

/** A password, scoped to a project. */
export interface PasswordLogin {
  username: string;
  password: string;
  projectName: string;
  userDomainName: string;
  projectDomainName: string;
}

/** It carries user and project. */
export interface ApplicationCredentialLogin {
  applicationCredentialId: string;
  applicationCredentialSecret: string;
}

export type Login = PasswordLogin | ApplicationCredentialLogin;

/**
 * The body of `POST /v3/auth/tokens`. Example, of a password: `{ auth: { identity: { methods:
 * ['password'], … }, scope: { project: … } } }`. Source: Keystone API v3, "Password authentication
 * with scoped authorization", "Authenticating with an Application Credential".
 */
export function signInBody(login: Login): { auth: object } {
  if ('applicationCredentialId' in login) {
    const { applicationCredentialId: id, applicationCredentialSecret: secret } = login;
    const methods = ['application_credential'];
    return { auth: { identity: { methods, application_credential: { id, secret } } } };
  }
  const user = {
    name: login.username,
    password: login.password,
    domain: { name: login.userDomainName },
  };
  const project = { name: login.projectName, domain: { name: login.projectDomainName } };
  const identity = { methods: ['password'], password: { user } };
  return { auth: { identity, scope: { project } } };
}
