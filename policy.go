package millrace

import (
	"fmt"
	"slices"

	"github.com/millrace-io/millrace/internal/graph"
	"github.com/millrace-io/millrace/processor"
)

// checkPolicies returns what is wrong with the policies of the application and
// with those of its sources: all that can be known before a record fails.
func checkPolicies(p processor.Policies, g *graph.Graph) (errs []error) {
	check := func(where string, class processor.Class, p processor.Policy, deadLetters string) {
		for _, problem := range policyProblems(class, p, deadLetters) {
			errs = append(errs, fmt.Errorf("%s: %s", where, problem))
		}
	}
	check("config: Errors.Decode", processor.Decode, p.Decode, p.DeadLetterTopic)
	check("config: Errors.Process", processor.Process, p.Process, p.DeadLetterTopic)
	check("config: Errors.Punctuate", processor.Punctuate, p.Punctuate, p.DeadLetterTopic)
	check("config: Errors.Produce", processor.Produce, p.Produce, p.DeadLetterTopic)
	if g == nil {
		return errs
	}
	for _, sub := range g.Subtopologies {
		for _, n := range sub.Sources {
			if own := n.Source.Decode; own != nil {
				check(n.Line+": OnDecodeError", processor.Decode, *own, p.DeadLetterTopic)
			}
			if slices.Contains(n.Source.Topics, p.DeadLetterTopic) && p.DeadLetterTopic != "" && n.Source.Repartition == nil {
				errs = append(errs, fmt.Errorf("config: Errors.DeadLetterTopic: %s reads %s itself, so that a record that always fails would go round for ever", n.Line, p.DeadLetterTopic))
			}
		}
	}
	for _, t := range g.Globals {
		if own := t.Source.Decode; own != nil {
			// Nothing is sent to the topic: such records are skipped.
			check(t.Line+": OnDecodeError", processor.Decode, *own, "none needed")
		}
	}
	return errs
}

func policyProblems(class processor.Class, p processor.Policy, deadLetters string) (problems []string) {
	if p.Retries < 0 || p.Backoff < 0 {
		problems = append(problems, "Retries and Backoff must not be negative")
	}
	if p.Decide != nil {
		return problems // Retries and Then do not count
	}
	switch p.Then {
	case processor.Fail, processor.Skip:
	case processor.DeadLetter:
		if class == processor.Punctuate {
			problems = append(problems, "a punctuation has no record for the dead-letter topic; choose fail or skip")
		} else if deadLetters == "" {
			problems = append(problems, "dead letters need Config.Errors.DeadLetterTopic")
		}
	case processor.NullValue:
		if class != processor.Decode {
			problems = append(problems, "null_value is for decode errors only")
		}
	case processor.Retry:
		problems = append(problems, "Then is what comes after the retries; set Retries for them")
	case processor.Replace:
		problems = append(problems, "a replacement can be given by Decide only")
	default:
		problems = append(problems, fmt.Sprintf("%s is no action", p.Then))
	}
	return problems
}
