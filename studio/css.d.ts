/** Sheets that a part brings along: the build puts them beside it. */
declare module '*.css';
