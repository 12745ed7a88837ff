// Gets a bound access token, calls the API with it, and prints what the API answers.
//
//   ISSUER API_URL TRUST_BUNDLE CLIENT_ID   of demo.env
//   CLIENT_CERTIFICATE CLIENT_KEY           what it presents on its connections; may be left out
//   CLIENT_JWK                              file with a private JWK: it authenticates by private_key_jwt
//   BINDING                                 mtls (as if left out) or dpop

import { readFileSync } from "node:fs";
import { generateKeyPair, importJWK } from "jose";
import { Partner, agent } from "./bound.mjs";

const { ISSUER, API_URL, TRUST_BUNDLE, CLIENT_ID, CLIENT_CERTIFICATE, CLIENT_KEY, CLIENT_JWK, BINDING } =
  process.env;

async function assertionKey(file) {
  const jwk = JSON.parse(readFileSync(file, "utf8"));
  return { key: await importJWK(jwk, jwk.alg), kid: jwk.kid, alg: jwk.alg };
}

const partner = new Partner({
  agent: agent(TRUST_BUNDLE, CLIENT_CERTIFICATE, CLIENT_KEY),
  issuer: ISSUER,
  clientId: CLIENT_ID,
  scope: "accounts",
  resource: API_URL,
  assertion: CLIENT_JWK ? await assertionKey(CLIENT_JWK) : undefined,
  proofKeys: BINDING === "dpop" ? await generateKeyPair("ES256") : undefined,
});

try {
  const token = await partner.token();
  const { status, text } = await partner.get(token, `${API_URL}/accounts`);
  console.log(`${token.type} ${status} ${text}`);
  process.exitCode = status === 200 ? 0 : 1;
} catch (error) {
  console.error(`partner: ${error.message}`);
  process.exitCode = 1;
} finally {
  partner.agent.destroy();
}
