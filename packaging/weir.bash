# bash completion for weir(1). Verbs and options come from `weir ... --help`, so they are those of the
# program that is typed; names and addresses from the running router, if one answers.

# The words of a section of the help of "$@".
_weir_verbs() { "$@" --help 2>/dev/null | awk '/^Subcommands:/ { on = 1; next } /^[^ ]/ { on = 0 } on && /^  [a-z]/ { print $1 }'; }
_weir_options() { "$@" --help 2>/dev/null | grep -oE '^ +-[^ =]*' | tr -d ' ' | tr , '\n' | grep -E '^--?[a-z]'; }

# The left-aligned column named $1 of a table of the running router.
_weir_live() {
  local column=$1
  shift
  timeout 1 "${_weir_call[@]}" show "$@" 2>/dev/null | awk -v name="$column" '
    NR == 1 { at = index($0, name); next }
    { split(substr($0, at), words, " "); if (substr($0, at, 1) != " " && words[1] != "-") print words[1] }'
}

# Addresses and interfaces of the NICs on the PCI bus.
_weir_nics() { "${COMP_WORDS[0]}" nic list 2>/dev/null | awk 'NR > 1 { print $1; if ($3 ~ /^[a-z]/) print $3 }'; }

_weir_files() {
  compopt -o filenames 2>/dev/null
  COMPREPLY+=($(compgen -f -- "$1"))
}

_weir() {
  local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD - 1]} i
  local -a path=("${COMP_WORDS[0]}") _weir_call=("${COMP_WORDS[0]}") verbs
  COMPREPLY=()
  # The verbs typed so far; --socket and its value belong to every call that asks the router.
  for ((i = 1; i < COMP_CWORD; i++)); do
    case ${COMP_WORDS[i]} in
      --socket) _weir_call+=(--socket "${COMP_WORDS[++i]}") ;;
      -*) ;;
      *) mapfile -t verbs < <(_weir_verbs "${path[@]}")
        [[ " ${verbs[*]} " == *" ${COMP_WORDS[i]} "* ]] && path+=("${COMP_WORDS[i]}") ;;
    esac
  done
  case $before in
    --socket) _weir_files "$word"; return ;;
    --source)
      COMPREPLY=($(compgen -W "$(_weir_live ADDRESS interfaces | cut -d/ -f1)" -- "$word"))
      return ;;
    --within)
      COMPREPLY=($(compgen -W "$(_weir_live PREFIX routes --limit 1000)" -- "$word"))
      return ;;
    --file | --out | --svg | --into | --config) _weir_files "$word"; return ;;
    --driver)
      COMPREPLY=($(compgen -W "vfio-pci uio_pci_generic" -- "$word"))
      return ;;
    --router)
      COMPREPLY=($(compgen -W "weir linux both" -- "$word"))
      return ;;
    --bridge)
      COMPREPLY=($(compgen -W "$(_weir_live BRIDGE bridge)" -- "$word"))
      return ;;
    --interface)
      COMPREPLY=($(compgen -W "$(_weir_live INTERFACE interfaces)" -- "$word"))
      return ;;
    --kind)
      COMPREPLY=($(compgen -W "conflict moved own-address-claimed failed table-full storm storm-over quarantine frozen thawed loop loop-over guarded link-up link-down journal-failed" -- "$word"))
      return ;;
    --ip)
      COMPREPLY=($(compgen -W "$(_weir_live IP neighbors)" -- "$word"))
      return ;;
    -c | --count | -i | --interval | -W | --timeout | -s | --size | --limit | --vlan | --mac | --at | --since | --until | --last | --confirm | --hosts | --subnets | --reserve | --peer-mask | --via) return ;;
  esac
  if [[ $word == -* ]]; then
    COMPREPLY=($(compgen -W "$(_weir_options "${path[@]}") --json --socket" -- "$word"))
    return
  fi
  mapfile -t verbs < <(_weir_verbs "${path[@]}")
  if ((${#verbs[@]} > 0)); then
    COMPREPLY=($(compgen -W "${verbs[*]}" -- "$word"))
    return
  fi
  case "${path[*]:1}" in
    explain) COMPREPLY=($(compgen -W "$("${COMP_WORDS[0]}" explain 2>/dev/null | awk '/^[A-Z][0-9]+ |^[a-z]+(-[a-z]+)* /{ print $1 }')" -- "$word")) ;;
    run | check | plan | apply | doctor | "route load" | "lab up" | "storm report") _weir_files "$word" ;;
    rollback | history)
      COMPREPLY=($(compgen -W "$(timeout 1 "${_weir_call[@]}" history 2>/dev/null | awk '$1 ~ /^[0-9]+$/ { print $1 }')" -- "$word")) ;;
    "storm run")
      COMPREPLY=($(compgen -W "all $("${COMP_WORDS[0]}" storm list 2>/dev/null | grep '^e')" -- "$word")) ;;
    "nic bind" | "nic release")
      COMPREPLY=($(compgen -W "$(_weir_nics)" -- "$word")) ;;
    "lab down" | "lab status")
      COMPREPLY=($(compgen -W "$(ls /run/weir-lab 2>/dev/null | grep -vx lock)" -- "$word"))
      _weir_files "$word" ;;
    "show port")
      COMPREPLY=($(compgen -W "$(timeout 1 "${_weir_call[@]}" show port 2>/dev/null | awk '$1 == "port" { print $2 }')" -- "$word")) ;;
    "show interfaces" | "show neighbors" | "show drops")
      COMPREPLY=($(compgen -W "$(_weir_live INTERFACE interfaces)" -- "$word")) ;;
    "show bridge" | "show spanning-tree" | "show multicast")
      COMPREPLY=($(compgen -W "$(_weir_live BRIDGE bridge)" -- "$word")) ;;
    "show journal") COMPREPLY=($(compgen -W "neighbors stations" -- "$word")) ;;
    "neighbor flush" | ping | "show fib")
      COMPREPLY=($(compgen -W "$(_weir_live IP neighbors)" -- "$word")) ;;
    "route delete" | "route replace")
      [[ ${COMP_WORDS[COMP_CWORD - 1]} == "${path[-1]}" ]] &&
        COMPREPLY=($(compgen -W "$(_weir_live PREFIX routes --limit 1000)" -- "$word")) ;;
  esac
}

complete -F _weir weir
