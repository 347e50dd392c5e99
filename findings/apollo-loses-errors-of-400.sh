#!/usr/bin/env bash
# One would guess: a client that says it takes application/json too shows the
# server's GraphQL errors when they come with status 400, as GraphQL over HTTP
# recommends for a request that is refused.
# What happens: Apollo Client shows them as application/graphql-response+json;
# as application/json it throws a ServerError with the status and no errors.
# graphql-request shows them either way.
# Versions: npm @apollo/client 4.3.8, graphql-request 7.4.0, graphql 16.11.0.
# Source: https://graphql.github.io/graphql-over-http/draft/ (6.4, status codes
# of application/json and of application/graphql-response+json).
set -euo pipefail
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
cd "$dir"
npm init -y >/dev/null
npm install --silent --no-audit --no-fund @apollo/client@4.3.8 graphql-request@7.4.0 graphql@16.11.0 rxjs@7.8.2

cat >check.mjs <<'JS'
import http from 'http';
import { ApolloClient, InMemoryCache, HttpLink, gql } from '@apollo/client/core/index.js';
import { GraphQLClient } from 'graphql-request';
const body = JSON.stringify({ errors: [{ message: 'No such field.', extensions: { code: 'GRAPHQL_VALIDATION_FAILED' } }] });
for (const type of ['application/json', 'application/graphql-response+json']) {
  const server = http.createServer((q, r) => {
    q.resume().on('end', () => r.writeHead(400, { 'content-type': type }).end(body));
  });
  await new Promise((done) => server.listen(0, '127.0.0.1', done));
  const uri = `http://127.0.0.1:${server.address().port}`;
  const apollo = new ApolloClient({ cache: new InMemoryCache(), link: new HttpLink({ uri }) });
  const a = await apollo.query({ query: gql`{ a }` }).catch((e) => e);
  console.log('apollo         ', type, a.name, a.errors?.[0].message ?? '-');
  const b = await new GraphQLClient(uri).request('{ a }').catch((e) => e);
  console.log('graphql-request', type, b.name, b.response.errors?.[0].message ?? '-');
  server.close();
}
JS
cat >want <<'TXT'
apollo          application/json ServerError -
graphql-request application/json Error No such field.
apollo          application/graphql-response+json CombinedGraphQLErrors No such field.
graphql-request application/graphql-response+json Error No such field.
TXT
node check.mjs | tee got
diff want got
