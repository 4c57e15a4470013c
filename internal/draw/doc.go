// Package draw makes pictures of a topology: the text of a Mermaid flowchart,
// and of a Graphviz digraph. Both show the same:
//
//	/orders/ --> [ source-1 ] --> [ counts ] ..... ( counts )
//	 topic           nodes of a subtopology         store
//
// Subtopologies are frames around their nodes and stores. Topics stand outside
// of them, since that is where subtopologies meet. Edges carry the types of
// their records; a store hangs on the nodes that use it, and dashes connect
// sources whose topics need equal partition counts.
//
// The same Graph always gives the same text. Any name is drawn as it is,
// whatever signs it has. The package knows a status.Graph and nothing that
// runs.
package draw
