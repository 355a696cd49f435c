// A function that lets its callers wait.
export const handler = async (event) => {
  await new Promise((done) => setTimeout(done, 1000));
  return event;
};
