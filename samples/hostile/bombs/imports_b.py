from imports_a import A

B = A + 'b'
