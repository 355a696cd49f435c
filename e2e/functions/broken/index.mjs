// Fails in the way that the user's name asks for.
const ways = {
  throws: async () => { throw new Error('refused by the owner'); },
  garbage: async () => 'garbage',
  nothing: async () => undefined,
  types: async (event) => ({ ...event, response: { autoConfirmUser: [] } }),
  large: async () => 'x'.repeat(10 << 20),
  dies: async () => { process.exit(7); },
  hangs: () => new Promise(() => setInterval(() => {}, 1000)),
};
export const handler = (event) => ways[event.userName.split('-')[0]](event);
