from imports_b import B

A = B + 'a'
