"""Small hunks with one plain defect each; ``$`` stands before what is renamed. The language, then the lines of a diff.

``$f`` is a function, ``$C`` a class, ``$a`` to ``$d`` are variables, ``$s`` is a word in a text. The line of the defect
begins with ``>`` where it is added, with ``<`` where it is removed. None needs a comment or a text to be seen.
"""

POOL = """\
py
 def $f($a):
     $b = 0
-    for $c in range(len($a)):
>    for $c in range(len($a) + 1):
         $b += $a[$c].amount
     return $b

py
 def $f($a):
-    return $a[-1] if $a else None
+    $b = len($a)
>    return $a[$b]

py
 def $f($a, $b):
     if $b == 0:
-        raise ValueError("nothing to divide by")
+        $b = 0
>    return $a / 0

py
 def $f($a, path):
>    file = open(path, "w")
+    file.write($a)
+    return None
-    with open(path, "w") as file:
-        file.write($a)

py
 def $f(cursor, $a):
-    cursor.execute("SELECT id FROM $s WHERE name = %s", ($a,))
>    cursor.execute("SELECT id FROM $s WHERE name = '" + $a + "'")
     return cursor.fetchone()

py
 import subprocess


 def $f($a):
-    subprocess.run(["tar", "xf", $a], check=True)
>    subprocess.run("tar xf " + $a, shell=True, check=True)

py
 def largest($a):
     $b = $a[0]
     for $c in $a:
-        if $c > $b:
>        if $c < $b:
             $b = $c
     return $b

py
 def may_delete(user, $a):
-    return user.is_admin or user.id == $a.owner_id
>    return True

py
 def $f(user, $a):
<    if not user.is_admin:
-        raise PermissionError("only for administrators")
     $a.delete()

py
 def $f($a):
     $b = {}
     for $c in $a:
-        $b[$c.key] = $c
+        $b = {}
>        $b[$c.key] = $c
     return $b

py
 async def $f($a, $b):
-    $c = await $a.fetch($b)
>    $c = $a.fetch($b)
     return $c.body.decode()

py
 def $f($a):
     $b = 10
     while $b > 0:
         $a.append($b)
-        $b -= 1
>        $b += 1
     return $a

py
 class $C:
     def __init__(self, $a, $b):
-        self.$a = $a
-        self.$b = $b
+        self.$a = $a
>        self.$b = $a

py
 def $f($a):
     try:
         return float($a)
-    except ValueError:
-        return None
+    except ValueError:
>        return float($a)

py
 def transfer(source, goal, $a):
     source.balance -= $a
-    goal.balance += $a
>    goal.balance -= $a

py
 def $f($a):
     $b = $a.find(":")
-    if $b < 0:
-        return $a
+    if $b > 0:
+        return $a
>    return $a[$b + 1]

py
 import threading

 _lock = threading.Lock()


 def $f($a):
-    with _lock:
-        $a.count += 1
>    _lock.acquire()
+    $a.count += 1

py
 def $f($a):
-    if $a is not None and $a.name:
>    if $a is None and $a.name:
         return $a.name.upper()
     return ""

py
 def $f($a):
     for $b in $a:
-        if $b.done:
-            continue
-        $b.run()
+        if $b.done:
+            $b.run()
>        return
     return $a

py
 def without_empty(items):
-    return [$a for $a in items if $a]
>    return [$a for $a in items if not $a]

py
 import os


 def save_upload(request, folder):
-    path = os.path.join(folder, os.path.basename(request.form["name"]))
>    path = folder + "/" + request.form["name"]
     with open(path, "wb") as file:
         file.write(b"")

py
 def $f($a, $b=None):
-    $b = [] if $b is None else $b
+    $c = $b
>    $c.append($a)
     return $c

py
 def celsius(fahrenheit):
-    return (fahrenheit - 32) * 5 / 9
>    return fahrenheit - 32 * 5 / 9

py
 def password_is_right(password, stored):
-    return hmac.compare_digest(digest(password), stored)
>    return digest(password) != stored

py
 def $f($a):
-    $b = sorted($a)
>    $b = $a.sort()
     return $b[0]

py
 def $f($a):
     $b = {"one": 1, "two": 2}
-    return $b.get($a, 0)
>    return $b.get[$a]

py
 def rows_between($a, start, end):
-    return $a[start : end + 1]
>    return $a[end : start]

py
 def $f($a):
     for $b in list($a):
         if $a[$b].expired:
-            del $a[$b]
+            del $a[$b]
>            $a[$b].close()

py
 def $f($a):
-    total = sum($b.price for $b in $a)
-    return total / len($a) if $a else 0
>    return sum($b.price for $b in []) / len([])

py
 def is_leap(year):
-    return year % 4 == 0 and (year % 100 != 0 or year % 400 == 0)
>    return year % 4 != 0

py
 def $f(request):
-    return json.loads(request.body)
>    return eval(request.body)

py
 def $f($a):
     $b = $a.connect()
     try:
         return $b.read()
     finally:
-        $b.close()
>        $b.open()

py
 def $f($a, timeout):
     began = time.monotonic()
-    while time.monotonic() - began < timeout:
>    while began - began < timeout:
         if $a.ready():
             return True
     return False

py
 def migrate($a):
-    copy($a.old, $a.new)
-    drop($a.old)
>    drop($a.old)
+    copy($a.old, $a.new)

py
 def $f(numbers):
     $a = 1
     for $b in numbers:
-        $a *= $b
>        $a *= 0
     return $a

py
 def $f($a, $b):
     if $a == $b:
         return 0
-    return -1 if $a < $b else 1
+    if $a < $b:
+        return -1
>    if $a < $b:
+        return 1

ts
 export function $f($a: number[]): number {
   let $b = 0;
-  for (let $c = 0; $c < $a.length; $c++) {
>  for (let $c = 0; $c <= $a.length; $c++) {
     $b += $a[$c].valueOf();
   }
   return $b;
 }

ts
 export async function $f($a: Store, $b: string): Promise<string> {
-  const $c = await $a.load($b);
>  const $c: any = $a.load($b);
   return $c.name.trim();
 }

ts
 export function $f(user: User, $a: Page): void {
<  if (!user.isAdmin) {
-    throw new Error("only for administrators");
-  }
   $a.remove();
 }

ts
 export function $f($a: HTMLElement, comment: string): void {
-  $a.textContent = comment;
>  $a.innerHTML = comment;
 }

ts
 export function $f($a?: Item): string {
-  if (!$a) return "";
+  if ($a) return "";
>  return $a!.title.toUpperCase();
 }

ts
 export function cheapest($a: Item[]): Item | undefined {
   let $b = $a[0];
   for (const $c of $a) {
-    if ($c.price < $b.price) $b = $c;
>    if ($c.price > $b.price) $b = $c;
   }
   return $b;
 }

ts
 export function $f($a: string): number {
   switch ($a) {
     case "one":
-      return 1;
+      $a.trim();
>      break;
     default:
       throw new Error($a);
   }
+  throw new Error("never reached");
 }

ts
 export function $f(width: number, height: number): number {
-  return width * height;
+  width = 0;
>  return width * height;
 }

ts
 app.get("/$s/:id", async (request, response) => {
-  const $a = await db.query("select * from $s where id = $1", [request.params.id]);
>  const $a = await db.query("select * from $s where id = '" + request.params.id + "'");
   response.json($a);
 });

ts
 export function clamp($a: number, least: number, most: number): number {
-  return Math.min(most, Math.max(least, $a));
>  return Math.max(most, Math.min(least, $a));
 }

go
 func $f($a []int) int {
 \t$b := 0
-\tfor $c := 0; $c < len($a); $c++ {
>\tfor $c := 0; $c <= len($a); $c++ {
 \t\t$b += $a[$c]
 \t}
 \treturn $b
 }

go
 func $f(path string) ([]byte, error) {
 \tfile, err := os.Open(path)
-\tif err != nil {
+\tif err == nil {
>\t\treturn nil, err
 \t}
 \tdefer file.Close()
 \treturn io.ReadAll(file)
 }

go
 func (c *$C) $f() {
 \tc.mu.Lock()
-\tdefer c.mu.Unlock()
>\tc.mu.Lock()
 \tc.count++
 }

go
 func $f($a map[string]*Item, name string) string {
-\tif $b, ok := $a[name]; ok {
+\tif $b, ok := $a[name]; !ok {
>\t\treturn $b.Title
 \t}
 \treturn ""
 }

go
 func smaller(a, b int) int {
-\tif a < b {
>\tif a > b {
 \t\treturn a
 \t}
 \treturn b
 }

go
 func $f(db *sql.DB, name string) (*sql.Rows, error) {
-\treturn db.Query("select id from $s where name = ?", name)
>\treturn db.Query("select id from $s where name = '" + name + "'")
 }

go
 func $f($a []string) string {
-\tif len($a) == 0 {
-\t\treturn ""
-\t}
>\treturn $a[len($a)]
 }

go
 func $f(user *User, $a *Page) error {
<\tif !user.Admin {
-\t\treturn errors.New("only for administrators")
-\t}
 \treturn $a.Delete()
 }
"""
