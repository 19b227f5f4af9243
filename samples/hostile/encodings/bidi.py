# ‮ reverse ⁦ isolate ​ zero width
role‮ = 'user⁦'  # [31mred[0m
