#!/usr/bin/env bash
# Compresses yesterday's logs and deletes archives that are older than they need to be.
set -euo pipefail

log_dir="${1:?usage: rotate_logs.sh DIRECTORY [DAYS]}"
keep_days="${2:-30}"
lock="$log_dir/.rotate.lock"

exec 9>"$lock"
if ! flock -n 9; then
  echo "another rotation is running" >&2
  exit 0
fi

compress() {
  local file=$1
  local stamp
  stamp=$(date -r "$file" +%Y-%m-%d)
  local target="${file%.log}-$stamp.log.gz"
  if [[ -e "$target" ]]; then
    echo "skipping $file: $target exists" >&2
    return
  fi
  gzip -c "$file" >"$target.part"
  mv "$target.part" "$target"
  : >"$file"
}

while IFS= read -r -d '' file; do
  [[ -s "$file" ]] && compress "$file"
done < <(find "$log_dir" -maxdepth 1 -name '*.log' -daystart -mtime +0 -print0)

find "$log_dir" -maxdepth 1 -name '*.log.gz' -mtime "+$keep_days" -print -delete |
  awk 'END { printf "deleted %d archives\n", NR }'
