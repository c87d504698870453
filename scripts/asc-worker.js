/**
 * The AssemblyScript compiler in a process of its own: takes lists of its arguments, answers what went wrong. Not TypeScript, since tsx would
 * read through the compiler's 16 MB for ten seconds before it runs.
 */
import asc from 'assemblyscript/asc';

process.on('message', async (args) => {
  const { error, stderr } = await asc.main(args);
  process.send(error ? `${stderr.toString()}\n${error.message}` : '');
});
