/**
 * The rooms and their ranks (docs/architecture.md). A room imports from itself or from a lower rank, and
 * from another room only through its index.ts.
 */
const ranks = [
  ['shared'],
  ['xml', 'keys', 'config', 'observe'],
  ['saml', 'provisioning', 'state'],
  ['gateway', 'console'],
  ['app', 'sandbox'],
  ['cli'],
];
const rankRules = ranks.flatMap((rooms, rank) =>
  rooms.map((room) => ({
    name: `rank-of-${room}`,
    comment: `src/${room} may import from itself and from rooms of a lower rank only`,
    severity: 'error',
    from: { path: `^src/${room}/` },
    to: {
      path: '^src/',
      pathNot: [
        `^src/${room}/`,
        ...ranks
          .slice(0, rank)
          .flat()
          .map((lower) => `^src/${lower}/`),
      ],
    },
  })),
);
// The architecture page's exceptions, each narrower than the rank would allow.
const narrowings = [
  ['xml', ['saml', 'sandbox', 'app']],
  ['provisioning', ['gateway', 'app', 'console', 'cli']],
  ['state', ['gateway', 'app']],
  ['sandbox', ['cli']],
  ['console', ['app']],
  ['gateway', ['app']],
].map(([room, importers]) => ({
  name: `importers-of-${room}`,
  severity: 'error',
  from: { path: '^src/', pathNot: [room, ...importers].map((name) => `^src/${name}/`) },
  to: { path: `^src/${room}/` },
}));

module.exports = {
  forbidden: [
    ...rankRules,
    ...narrowings,
    { name: 'no-cycles', severity: 'error', from: {}, to: { circular: true } },
    {
      name: 'through-the-front-door',
      comment: 'another room is imported through its index.ts',
      severity: 'error',
      from: { path: '^src/([^/]+)/' },
      to: { path: '^src/[^/]+/', pathNot: ['^src/$1/', '^src/[^/]+/index\\.ts$'] },
    },
    { name: 'no-tests-in-src', severity: 'error', from: { path: '^src/' }, to: { path: '^(test|bench)/' } },
    { name: 'nobody-imports-main', severity: 'error', from: {}, to: { path: '^src/main\\.ts$' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    tsPreCompilationDeps: true,
    tsConfig: { fileName: 'tsconfig.json' },
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'] },
  },
};
