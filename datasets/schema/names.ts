/** Name of a dataset, a column or a field, which is that of a table or a column in the catalog. */
export const NAME = /^[a-z][a-z0-9_]{0,62}$/;
