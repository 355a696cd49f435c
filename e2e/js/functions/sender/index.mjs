// A custom e-mail sender as AWS's documentation has it: it decrypts the code with the AWS
// Encryption SDK and hands it to a carrier, here a URL.
import { buildClient, CommitmentPolicy, KmsKeyringNode } from '@aws-crypto/client-node';

const { decrypt } = buildClient(CommitmentPolicy.REQUIRE_ENCRYPT_ALLOW_DECRYPT);
const keyring = new KmsKeyringNode({ keyIds: [process.env.KEY_ARN] });

export const handler = async (event) => {
  const { plaintext, messageHeader } = await decrypt(keyring, Buffer.from(event.request.code, 'base64'));
  await fetch(process.env.CARRIER_URL, {
    method: 'POST',
    body: JSON.stringify({
      code: plaintext.toString('utf8'),
      to: event.request.userAttributes.email,
      source: event.triggerSource,
      pool: messageHeader.encryptionContext['userpool-id'],
    }),
  });
};
