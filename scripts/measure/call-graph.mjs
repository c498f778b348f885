// Follows the calls in the sources of a package.
import path from 'node:path'
import ts from 'typescript-5.9'

/**
 * The calls between the functions of one folder, according to the types of the compiler.
 *
 * A function calls another function if its body calls it, constructs it, reads its accessor, or passes it
 * as an argument. A call through an interface, an abstract method or an options object leads to every
 * function of the folder that implements it. Types and constants are not calls.
 */
export class CallGraph {
  #checker
  #files
  #folder
  /** Functions that implement a declaration without a body. */
  #implementations = new Map()
  /** Properties and the values that the sources assign to them. */
  #values = []

  /**
   * @param {string} folder - the sources, such as `packages/cache-redis/src`
   * @param {Record<string, string[]>} paths - the sources of the other packages, as in a tsconfig.json
   */
  constructor(folder, paths) {
    this.#folder = path.resolve(folder)
    const names = ts.sys.readDirectory(this.#folder, ['.ts'])
    const program = ts.createProgram(names, {
      target: ts.ScriptTarget.ES2023,
      module: ts.ModuleKind.NodeNext,
      moduleResolution: ts.ModuleResolutionKind.NodeNext,
      strict: true,
      skipLibCheck: true,
      noEmit: true,
      paths,
    })
    this.#checker = program.getTypeChecker()
    this.#files = program.getSourceFiles().filter(({ fileName }) => this.#isOwn(fileName))
    for (const file of this.#files) this.#addImplementations(file)
    // A value can itself be a property, so a second pass resolves the properties of the first.
    for (const [target, value] of [...this.#values, ...this.#values]) {
      for (const implementation of this.#functionsOf(value)) this.#add(target, implementation)
    }
  }

  /**
   * Returns all files that the calls of a method can reach. Also returns the files on the shortest chain
   * of calls to a command of a library.
   *
   * @param {string} className
   * @param {string} methodName
   * @param {string} library - such as `ioredis`
   * @returns {{ files: string[], chain: string[] }} paths from the folder. `chain` repeats a file to which
   *   the calls return
   */
  reach(className, methodName, library) {
    const start = this.#method(className, methodName)
    const callers = new Map([[start, undefined]])
    const files = new Set()
    let chain
    for (const caller of callers.keys()) {
      files.add(this.#nameOf(caller))
      for (const { callee, via = caller } of this.#calls(caller)) {
        const { fileName } = callee.getSourceFile()
        if (this.#isOwn(fileName)) {
          if (!callers.has(callee)) callers.set(callee, via)
        } else if (isCommandOf(library, callee)) {
          chain ??= this.#chainTo(caller, callers)
        }
      }
    }
    return {
      files: [...files].toSorted((one, other) => (one < other ? -1 : 1)),
      chain: chain ?? [],
    }
  }

  #method(className, methodName) {
    for (const { statements } of this.#files) {
      for (const statement of statements) {
        if (!ts.isClassDeclaration(statement) || statement.name?.text !== className) continue
        const method = statement.members.find((member) => member.name?.getText() === methodName)
        if (method !== undefined) return method
      }
    }
    throw new Error(`there is no method ${className}.${methodName}`)
  }

  #chainTo(last, callers) {
    const chain = []
    for (let caller = last; caller !== undefined; caller = callers.get(caller)) {
      const name = this.#nameOf(caller)
      if (chain[0] !== name) chain.unshift(name)
    }
    return chain
  }

  /** Yields the functions that a function calls. `via` is the function that calls a callback. */
  *#calls(caller) {
    const nodes = childrenOf(caller)
    for (const node of nodes) {
      const name = calledName(node)
      if (name !== undefined) for (const callee of this.#functionsBehind(name)) yield { callee }
      const receivers = isFunctionValue(node) ? this.#receiversOf(node) : []
      if (receivers.length === 0) nodes.push(...childrenOf(node))
      let via = caller
      for (const callee of [...receivers, ...(receivers.length === 0 ? [] : [node])]) {
        yield { callee, via }
        via = callee
      }
    }
  }

  /** Returns the function that receives an argument, and the functions to which it passes the argument. */
  #receiversOf(argument) {
    const receivers = []
    let value = argument
    while (value !== undefined && ts.isCallExpression(value.parent)) {
      const { expression, arguments: values } = value.parent
      const name = ts.isPropertyAccessExpression(expression) ? expression.name : expression
      const receiver = [...this.#functionsBehind(name)].find(
        (each) => this.#isOwn(each.getSourceFile().fileName) && !receivers.includes(each),
      )
      if (receiver === undefined) break
      receivers.push(receiver)
      value = this.#passedOn(receiver, receiver.parameters?.[values.indexOf(value)])
    }
    return receivers
  }

  /** Returns the argument in which a function passes on one of its parameters. */
  #passedOn(receiver, parameter) {
    if (parameter === undefined) return undefined
    const symbol = this.#checker.getSymbolAtLocation(parameter.name)
    const nodes = childrenOf(receiver)
    for (const node of nodes) {
      const isArgument =
        ts.isIdentifier(node) && ts.isCallExpression(node.parent) && node.parent.expression !== node
      if (isArgument && this.#checker.getSymbolAtLocation(node) === symbol) return node
      nodes.push(...childrenOf(node))
    }
    return undefined
  }

  *#functionsBehind(name) {
    let symbol = ts.isShorthandPropertyAssignment(name.parent)
      ? this.#checker.getShorthandAssignmentValueSymbol(name.parent)
      : this.#checker.getSymbolAtLocation(name)
    if (symbol === undefined) return
    if (symbol.flags & ts.SymbolFlags.Alias) symbol = this.#checker.getAliasedSymbol(symbol)
    for (const declaration of this.#declarationsOf(symbol)) {
      yield* this.#functionsOf(declaration.initializer)
      const own = this.#isOwn(declaration.getSourceFile().fileName)
      if (!own || hasBody(declaration)) yield* withConstructor(declaration)
      yield* this.#implementations.get(declaration) ?? []
    }
  }

  /** Returns the declarations of a symbol, and for `const { run } = options` those of the property. */
  #declarationsOf({ declarations = [] }) {
    return declarations.flatMap((declaration) => {
      if (!ts.isBindingElement(declaration)) return [declaration]
      const type = this.#checker.getTypeAtLocation(declaration.parent)
      const name = (declaration.propertyName ?? declaration.name).getText()
      return type.getProperty(name)?.declarations ?? []
    })
  }

  /** Records which functions implement a method of an interface or a function of an options object. */
  #addImplementations(node) {
    if (ts.isObjectLiteralExpression(node)) this.#addObject(node)
    if (ts.isClassLike(node)) this.#addClass(node)
    if (isAssignment(node)) {
      this.#addValue(this.#checker.getSymbolAtLocation(node.left.name), node.right)
    }
    ts.forEachChild(node, (child) => this.#addImplementations(child))
  }

  #addObject(object) {
    const type = this.#checker.getContextualType(object)
    if (type === undefined) return
    for (const property of object.properties) {
      const target = type.getProperty(property.name?.getText() ?? '')
      if (ts.isMethodDeclaration(property)) this.#add(target, property)
      if (ts.isPropertyAssignment(property)) this.#addValue(target, property.initializer)
      if (ts.isShorthandPropertyAssignment(property)) this.#addValue(target, property.name)
    }
  }

  #addValue(target, value) {
    this.#values.push([target, value])
  }

  /** Returns the functions that a value is or names. */
  *#functionsOf(value) {
    if (value === undefined) return
    if (isFunctionValue(value)) yield value
    else if (ts.isIdentifier(value)) yield* this.#functionsBehind(value)
    else if (ts.isPropertyAccessExpression(value)) yield* this.#functionsBehind(value.name)
  }

  #addClass(declaration) {
    for (const { types } of declaration.heritageClauses ?? []) {
      for (const parent of types) {
        const type = this.#checker.getTypeAtLocation(parent)
        for (const member of declaration.members) {
          this.#add(type.getProperty(member.name?.getText() ?? ''), member)
        }
      }
    }
  }

  #add(target, implementation) {
    for (const declaration of target?.declarations ?? []) {
      if (declaration === implementation) continue
      const known = this.#implementations.get(declaration) ?? new Set()
      this.#implementations.set(declaration, known.add(implementation))
    }
  }

  #isOwn(fileName) {
    return fileName.startsWith(`${this.#folder}/`)
  }

  #nameOf(node) {
    return path.relative(this.#folder, node.getSourceFile().fileName)
  }
}

/** Returns the name in a node that calls, constructs, reads an accessor or passes on a function. */
function calledName(node) {
  if (ts.isPropertyAccessExpression(node)) return node.name
  if (!ts.isIdentifier(node)) return undefined
  const { parent } = node
  const isCalled =
    (ts.isCallExpression(parent) || ts.isNewExpression(parent)) && node !== parent.name
  return isCalled || ts.isSpreadElement(parent) ? node : undefined
}

function childrenOf(node) {
  const children = []
  ts.forEachChild(node, (child) => {
    if (!ts.isTypeNode(child)) children.push(child)
  })
  return children
}

function isAssignment(node) {
  return (
    ts.isBinaryExpression(node) &&
    node.operatorToken.kind === ts.SyntaxKind.EqualsToken &&
    ts.isPropertyAccessExpression(node.left)
  )
}

/** Returns whether a function of a library sends a command. ioredis declares all commands in one file. */
function isCommandOf(library, callee) {
  const { fileName } = callee.getSourceFile()
  return fileName.includes(`/node_modules/${library}/`) && fileName.endsWith('/RedisCommander.d.ts')
}

function hasBody(declaration) {
  if (ts.isClassDeclaration(declaration)) return true
  if (ts.isVariableDeclaration(declaration)) return isFunctionValue(declaration.initializer)
  if (ts.isPropertyDeclaration(declaration)) return isFunctionValue(declaration.initializer)
  return ts.isFunctionLike(declaration) && declaration.body !== undefined
}

function isFunctionValue(value) {
  return value !== undefined && (ts.isArrowFunction(value) || ts.isFunctionExpression(value))
}

/** Replaces a class by the code of its construction: the constructor and the values of its fields. */
function withConstructor(declaration) {
  if (!ts.isClassDeclaration(declaration)) return [declaration]
  return declaration.members.filter(
    (member) =>
      ts.isConstructorDeclaration(member) ||
      (ts.isPropertyDeclaration(member) && member.initializer !== undefined),
  )
}
