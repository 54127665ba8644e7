// The CLI's line 3 has an SDK that does not know AWS_ENDPOINT_URL.
class Endpoint {
  constructor(serverless) {
    const { sdk } = serverless.getProvider('aws');
    sdk.config.update({ endpoint: process.env.AWS_ENDPOINT_URL, s3ForcePathStyle: true });
  }
}

module.exports = Endpoint;
