{% for i in range(1000000000) %}{% for j in range(1000000000) %}select {{ i * j }} union all {% endfor %}{% endfor %}select 1
