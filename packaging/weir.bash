# bash completion for weir(1). Verbs and options come from `weir ... --help`, so they are those of the
# program that is typed; paths and values of `set` from `weir complete`, which asks the parser; names,
# addresses and numbers from the running router, if one answers.

# The words of a section of the help of "$@"; asked for once, they do not change.
declare -gA _weir_known=()
_weir_verbs() {
  [[ -n ${_weir_known["$*"]+known} ]] || _weir_known["$*"]=$("$@" --help 2>/dev/null |
    awk '/^Subcommands:/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }')
  verbs=()
  [[ -z ${_weir_known["$*"]} ]] || mapfile -t verbs <<<"${_weir_known["$*"]}"
}
_weir_options() { "$@" --help 2>/dev/null | grep -oE '^ +-[^ =]*' | tr -d ' ' | tr , '\n' | grep -E '^--?[a-zA-Z]'; }

# What the running router says, or nothing: it is not waited for.
_weir_ask() { timeout 1 "${_weir_call[@]}" "$@" 2>/dev/null; }

# The left-aligned column named $1 of a table of the running router.
_weir_live() {
  local column=$1
  shift
  _weir_ask show "$@" | awk -v name="$column" '
    NR == 1 { at = index($0, name); next }
    NF == 0 { exit }
    { split(substr($0, at), words, " "); if (substr($0, at, 1) != " " && words[1] != "-") print words[1] }'
}

# Every MAC address that it knows.
_weir_macs() {
  _weir_live MAC neighbors
  _weir_live MAC mac
}

# Their outermost and inner tags.
_weir_vlan_ids() { _weir_ask show vlans | awk 'NR > 1 { print $3 }' | tr . '\n'; }

# Addresses and interfaces of the NICs on the PCI bus.
_weir_nics() { "${COMP_WORDS[0]}" nic list 2>/dev/null | awk 'NR > 1 { print $1; if ($3 ~ /^[a-z]/) print $3 }'; }

# Offers each line of standard input that begins with the word; nothing in it is expanded.
_weir_offer() {
  local line
  while IFS= read -r line; do
    [[ -n $line && $line == "$word"* ]] && COMPREPLY+=("$line")
  done
}
_weir_offer_words() { _weir_offer < <(printf '%s\n' "$@"); }

_weir_offer_files() {
  compopt -o filenames 2>/dev/null
  mapfile -t COMPREPLY < <(compgen -f -- "$word")
}

# A path or value of `set` and `delete`: brackets and braces mean something to bash.
_weir_offer_change() {
  local -a plain
  local i
  _weir_offer < <(_weir_ask complete "$@" "$word")
  if [[ ${#COMPREPLY[@]} == 1 && ${COMPREPLY[0]} == *[.[] ]]; then
    # It goes on: no blank comes behind it, nor a quote, which bash sets behind what is the only one.
    compopt -o nospace 2>/dev/null
    [[ -z $quote ]] || mapfile -t COMPREPLY < <(_weir_ask complete "$@" "${COMPREPLY[0]}")
  fi
  [[ -z $quote ]] || return 0
  plain=("${COMPREPLY[@]}")
  for i in "${!plain[@]}"; do printf -v "COMPREPLY[$i]" %q "${plain[i]}"; done
}

# The words, with what bash has cut at colons (MAC addresses) put together again, and without the
# equals sign of --option=value.
_weir_join_words() {
  local i
  for ((i = 0; i <= COMP_CWORD; i++)); do
    if [[ ${COMP_WORDS[i]} == '=' ]]; then
      ((i < COMP_CWORD)) || words+=('')
    elif ((i > 1)) && [[ ${COMP_WORDS[i]} == :* || ${words[-1]} == *: ]]; then
      words[-1]+=${COMP_WORDS[i]}
    else
      words+=("${COMP_WORDS[i]}")
    fi
  done
}

# Bash replaces only what is behind the last colon.
_weir_cut_at_colons() {
  local i rest
  [[ -z $quote && $COMP_WORDBREAKS == *:* ]] || return 0
  for i in "${!COMPREPLY[@]}"; do
    rest=$word
    while [[ $rest == *:* ]]; do
      rest=${rest#*:} COMPREPLY[i]=${COMPREPLY[i]#*:}
    done
  done
}

# Whether a value follows the option.
_weir_takes_value() {
  local -r all=' --socket --file --out --svg --into --config --source --within --driver --router
    --bridge --interface --ip --mac --vlan --kind --confirm --prove-to -c --count -i --interval -W --timeout -s
    --size --limit --at --since --until --last --hosts --subnets --reserve --peer-mask --via --seconds
    --margin --rate --load --neighbors --seed --on-interface --router-mac '
  [[ ${all//$'\n'/ } == *" $1 "* ]]
}

_weir_offer_value() {
  case $1 in
    --socket | --file | --out | --svg | --into | --config) _weir_offer_files ;;
    --source) _weir_offer < <(_weir_live ADDRESS interfaces | cut -d/ -f1) ;;
    --within) _weir_offer < <(_weir_live PREFIX routes --limit 1000) ;;
    --driver) _weir_offer_words vfio-pci uio_pci_generic ;;
    --router) _weir_offer_words weir linux both ;;
    --bridge) _weir_offer < <(_weir_live BRIDGE bridge) ;;
    --interface) _weir_offer < <(_weir_live INTERFACE interfaces) ;;
    --ip) _weir_offer < <(_weir_live IP neighbors) ;;
    --mac) _weir_offer < <(_weir_macs) ;;
    --vlan) _weir_offer < <(_weir_vlan_ids) ;;
    --kind) _weir_offer_words conflict moved own-address-claimed failed table-full storm storm-over quarantine frozen thawed loop loop-over guarded link-up link-down journal-failed ;;
    --confirm) _weir_offer_words 1m 5m 10m 1h ;;
  esac
}

# A route: PREFIX via GATEWAY..., or PREFIX and a verdict. `given`: its words so far.
_weir_offer_route() {
  if ((${#given[@]} == 0)); then
    [[ $1 == add ]] || _weir_offer < <(_weir_live PREFIX routes --limit 1000)
  elif [[ $1 != delete ]]; then
    if ((${#given[@]} == 1)); then
      _weir_offer_words via blackhole unreachable prohibit
    elif [[ ${given[1]} == via ]]; then
      _weir_offer < <(_weir_live IP neighbors)
    fi
  fi
}

# What the verb "$*" takes, where `given` are its words so far.
_weir_offer_argument() {
  local -i count=${#given[@]}
  case "$*" in
    explain) ((count)) || _weir_offer < <("${COMP_WORDS[0]}" explain 2>/dev/null | awk '/^[A-Z][0-9]+ |^[a-z]+(-[a-z]+)* /{ print $1 }') ;;
    run | check | plan | apply | doctor | "route load" | "lab up") ((count)) || _weir_offer_files ;;
    "storm report") _weir_offer_files ;;
    rollback | history) ((count)) || _weir_offer < <(_weir_ask history | awk '$1 ~ /^[0-9]+$/ { print $1 }') ;;
    set | delete) ((count > 1)) || _weir_offer_change "$1" "${given[@]}" ;;
    "storm run") _weir_offer < <(echo all; "${COMP_WORDS[0]}" storm list 2>/dev/null | awk '/^e[0-9]/ { print $1 }') ;;
    "nic bind" | "nic release") _weir_offer < <(_weir_nics) ;;
    "lab down" | "lab status")
      _weir_offer_files
      _weir_offer < <(ls /run/weir-lab 2>/dev/null | grep -vx lock) ;;
    "show port") ((count)) || _weir_offer < <(_weir_ask show port | awk '$1 == "port" { print $2 }') ;;
    "show interfaces" | "show neighbors" | "show drops")
      ((count)) || _weir_offer < <(_weir_live INTERFACE interfaces) ;;
    "show bridge" | "show spanning-tree" | "show multicast")
      ((count)) || _weir_offer < <(_weir_live BRIDGE bridge) ;;
    "show journal") ((count)) || _weir_offer_words neighbors stations ;;
    "neighbor flush" | ping | "show fib") ((count)) || _weir_offer < <(_weir_live IP neighbors) ;;
    mac) ((count)) || _weir_offer < <(_weir_macs) ;;
    route\ *) _weir_offer_route "$2" ;;
  esac
}

_weir() {
  local -a words=() given=() verbs path=("${COMP_WORDS[0]}") _weir_call=("${COMP_WORDS[0]}")
  local i word quote=''
  COMPREPLY=()
  _weir_join_words
  word=${words[-1]}
  unset 'words[-1]'
  # A quote that is open belongs to the word; outside of one, backslashes only protect what is behind.
  if [[ $word == [\'\"]* ]]; then
    quote=${word:0:1} word=${word:1}
  else
    word=${word//\\/}
  fi
  _weir_verbs "${path[@]}"
  # The verbs typed so far; --socket and its value belong to every call that asks the router.
  for ((i = 1; i < ${#words[@]}; i++)); do
    case ${words[i]} in
      --socket) _weir_call+=(--socket "${words[++i]}") ;;
      -*) ! _weir_takes_value "${words[i]}" || ((++i)) ;;
      *)
        if [[ " ${verbs[*]} " == *" ${words[i]} "* ]]; then
          path+=("${words[i]}")
          _weir_verbs "${path[@]}"
        else
          given+=("${words[i]//[\\\'\"]/}")
        fi ;;
    esac
  done
  if _weir_takes_value "${words[-1]}"; then
    _weir_offer_value "${words[-1]}"
  elif [[ $word == -* ]]; then
    _weir_offer < <(_weir_options "${path[@]}"; printf '%s\n' --json --socket)
  elif ((${#verbs[@]} > 0 && ${#given[@]} == 0)); then
    _weir_offer_words "${verbs[@]}"
  else
    _weir_offer_argument "${path[@]:1}"
  fi
  _weir_cut_at_colons
}

complete -F _weir weir
