"""formats.py HEADS NDJSON CSV: whether the three tell the same events, and are what their formats want."""
import csv
import json
import re
import sys

HEAD = re.compile(r'M=(-?\d+) P=(-?\d+) G=(-?\d+) (\w+) Time=(-?\d+)(.*)')
COLUMNS = ('ordinal,time,kind,wire,thread,proc,goroutine,resource,id,from,to,reason,label,name,value,task,parent,'
           'transition_stack,stack').split(',')
DETAILS = {'Sync': 'sync', 'Metric': 'metric', 'Label': 'label', 'StackSample': 'sample', 'RangeBegin': 'range',
           'RangeActive': 'range', 'RangeEnd': 'range', 'TaskBegin': 'task', 'TaskEnd': 'task', 'RegionBegin': 'region',
           'RegionEnd': 'region', 'Log': 'log', 'StateTransition': 'transition', 'Experimental': 'experimental'}
COMMON = ['ordinal', 'time', 'kind', 'wire', 'thread', 'proc', 'goroutine']


def none(value):
    return '-1' if value in (None, '') else value


def check_numbers(value):
    """64-bit numbers are strings: no bare number anywhere."""
    if isinstance(value, dict):
        for inner in value.values():
            check_numbers(inner)
    elif isinstance(value, list):
        for inner in value:
            check_numbers(inner)
    else:
        assert value is None or isinstance(value, (str, bool)), value


def check_json(ordinal, head, event):
    thread, proc, goroutine, kind, time, rest = head.groups()
    assert list(event) == COMMON + [DETAILS[kind], 'stack'], list(event)
    assert event['ordinal'] == str(ordinal) and event['time'] == time and event['kind'] == kind
    assert [none(event[name]) for name in COMMON[4:]] == [thread, proc, goroutine]
    details = event[DETAILS[kind]]
    if kind == 'StateTransition':
        word = 'GoID' if details['resource'] == 'Goroutine' else 'ProcID'
        wanted = ' %s=%s %s->%s Reason="%s"' % (word, details['id'], details['from'], details['to'], details['reason'])
        assert rest == wanted, (rest, wanted)
    if kind == 'Metric':
        assert rest == ' Name="%s" Value=Value{Uint64(%s)}' % (details['name'], details['value'])
    check_numbers(event)
    for stack in (event['stack'], details.get('stack')):
        if stack:
            for frame in stack['frames']:
                assert list(frame) == ['func', 'file', 'line', 'pc'] and int(frame['pc'], 16) >= 0


def functions(stack):
    return ';'.join(frame['func'] for frame in stack['frames']) if stack else ''


def check_csv(event, row):
    row = dict(zip(COLUMNS, row))
    for name in COMMON:
        assert none(row[name]) == none(event[name]), (name, row, event)
    assert row['stack'] == functions(event['stack'])
    details = event[DETAILS[event['kind']]]
    assert row['transition_stack'] == functions(details.get('stack'))
    for name in ('from', 'to', 'reason', 'resource', 'id') if event['kind'] == 'StateTransition' else ():
        assert row[name] == (details[name] or ''), (name, row, details)


def main():
    heads = [HEAD.fullmatch(line.rstrip('\n')) for line in open(sys.argv[1], encoding='utf-8', newline='\n')]
    events = [json.loads(line) for line in open(sys.argv[2], encoding='utf-8', newline='\n')]
    rows = list(csv.reader(open(sys.argv[3], encoding='utf-8', newline=''), strict=True))
    assert rows[0] == COLUMNS, rows[0]
    assert all(len(row) == len(COLUMNS) for row in rows)
    assert len(heads) == len(events) == len(rows) - 1, (len(heads), len(events), len(rows))
    for ordinal, (head, event, row) in enumerate(zip(heads, events, rows[1:])):
        check_json(ordinal, head, event)
        check_csv(event, row)
    assert open(sys.argv[3], 'rb').read().count(b'\n') == open(sys.argv[3], 'rb').read().count(b'\r\n')


main()
