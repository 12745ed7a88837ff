# What `docker compose run --rm shell` greets with.
PS1='shell \$ '
printf 'curl, openssl and the variables of demo.env are here. Commands to copy:\n\n'
python -m workshop.environment commands
printf '\n'
